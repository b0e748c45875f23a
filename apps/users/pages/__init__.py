"""Pages about people: coming in, joining, the personal area, the units one manages. Each calls the services above."""
