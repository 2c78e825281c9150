/** The folders of FUNNEL_DEFINITIONS, or undefined for those that come with the platform. */
export const definitionFolders = (value = process.env['FUNNEL_DEFINITIONS']): string[] | undefined => {
  const folders = value
    ?.split(',')
    .map((folder) => folder.trim())
    .filter(Boolean)
  return folders?.length ? folders : undefined
}
