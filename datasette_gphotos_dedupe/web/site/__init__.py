"""What all pages share: addresses, access, answers, pictures, and what Datasette asks of its plugin."""
