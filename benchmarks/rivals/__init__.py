"""The pinned network in other simulators; scripts that run in environments of their own."""
