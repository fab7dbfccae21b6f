document.title = "Notes, read";
