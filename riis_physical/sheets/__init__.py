"""Printed sheets: what stands around a container on paper."""
