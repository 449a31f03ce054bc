"""What a person said, what each step changed, and taking it back."""
