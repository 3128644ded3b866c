"""The two ends of a call, without input or output: what a gateway decides, signs and keeps."""
