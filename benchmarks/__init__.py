"""Speed as ratios of jkeras, JAX written by hand, Keras 3 and tf_keras: `python -m benchmarks --help`."""
