"""What every command needs of the machine: files written whole, processes, devices, terminals."""
