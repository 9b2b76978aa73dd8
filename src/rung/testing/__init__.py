"""Public: fakes, toys and batteries for authors of rungs, metrics and backbones."""
