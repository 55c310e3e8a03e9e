"""Speed, each figure beside a rival or a floor of the same run: `./run bench NAME`."""
