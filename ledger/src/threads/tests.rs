//! Levels and merging, held against a map.
