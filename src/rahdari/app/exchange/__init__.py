"""The exchange wired to the world: homes, keys, logs, witnesses, time stamps, configurations that are followed."""
