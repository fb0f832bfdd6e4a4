"""Time and memory of hiding in large pictures, scanning photos and scanning folders."""
