"""The command line: `placet …`. Nothing here imports the engine before a command needs it."""
