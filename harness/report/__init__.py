"""How a record is shown and written: terminal, JSON, JUnit, KTAP, progress."""
