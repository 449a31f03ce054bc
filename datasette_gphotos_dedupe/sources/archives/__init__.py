"""Archives and folders: what lies in them, and the bytes behind an address. Nothing is unpacked."""
