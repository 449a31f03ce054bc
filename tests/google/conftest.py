"""The fake Google and who is signed in to it, for the tests of this folder."""

from tests.google.fixtures import auth_path, client, fake, slow_client, watch  # noqa: F401
