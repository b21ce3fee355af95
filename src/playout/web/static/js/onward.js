// Follows the one link of a page that only leads on; Back then goes to the page before. Without this one clicks it.
const link = document.querySelector("a[data-onward]");
if (link) location.replace(link.href);
