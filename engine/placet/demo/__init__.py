"""The demonstration: a company, a university, and the thousand travel permits of a public log."""

from placet.demo.files import definitions_folder
from placet.demo.replay import DemoSummary, load_demo

__all__ = ["DemoSummary", "definitions_folder", "load_demo"]
