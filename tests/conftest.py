"""What all tests share."""

from hypothesis import settings

# A busy machine takes its time; what an example costs is no part of any promise.
settings.register_profile("no deadline", settings(), deadline=None)
settings.load_profile("no deadline")
