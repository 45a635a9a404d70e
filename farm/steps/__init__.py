"""What happens to an image once its bytes are here: proof, keeping, thumbnails."""
