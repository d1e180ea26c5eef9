"""Which episode a file is: numbers of episodes, the words that state one in a picture and in a file name."""
