/** Folder of ours in a tier's root. No chunk can be in it: the folder of a layout ends in a digest and a rank. */
export const OWN_FOLDER = '.penstock';
