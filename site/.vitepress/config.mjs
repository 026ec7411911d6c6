import { NAV, sidebar } from '../menu.mjs';
import { slug } from '../slug.mjs';

export default {
  title: 'Baton',
  description: "Carries a caller's identity from AWS API Gateway, through Express on IIS, on to Lambda.",
  lang: 'en',
  srcDir: 'content',
  cleanUrls: false,
  lastUpdated: false,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/mark.svg' }]],
  // Pages are written as plain Markdown; what looks like HTML in them is text.
  markdown: {
    html: false,
    lineNumbers: false,
    anchor: { slugify: slug },
    // Those of the default are too pale on its grey.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  // The largest is the index of the search, loaded with the first key that is typed.
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    logo: '/mark.svg',
    search: { provider: 'local', options: { detailedView: false } },
    outline: [2, 3],
    nav: NAV,
    sidebar: sidebar(),
    footer: { message: 'MIT licence' },
  },
};
