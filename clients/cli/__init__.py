"""The command line `suyuan`: one module a group; printing happens in `output` only."""
