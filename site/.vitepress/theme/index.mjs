// Without the fonts of the default theme: the reader's own are there at once, and nothing is loaded for them.
import DefaultTheme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import Relay from './Relay.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'home-hero-after': () => h(Relay) }),
};
