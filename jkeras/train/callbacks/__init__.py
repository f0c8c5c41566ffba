"""Callbacks: objects whose hooks run between the steps and epochs of training."""
