/** The first file of the portal: asks for the frame and for the page of this address at once, so that neither waits for the other. */
import { placeAt } from './places.js';

void placeAt(location.pathname.replace(/^\/portal/, '') || '/')?.load();
void import('./main.js');
