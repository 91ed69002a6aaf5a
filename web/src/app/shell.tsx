/**
 * What stands around every page: where one can go at the left (on a phone behind a button), search and scheme at the top, and
 * whether the platform answers.
 */

import "./shell.css";
import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  Kbd,
  Menu,
  NavLink,
  Text,
  Tooltip,
  UnstyledButton,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconDeviceDesktop, IconKeyboard, IconMoon, IconSearch, IconSun } from "@tabler/icons-react";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { CommandPalette } from "./command-palette.tsx";
import { Connection } from "./connection.tsx";
import { useGoKeys } from "./go-keys.ts";
import { NAVIGATION } from "./navigation.ts";
import { ShortcutsDialog } from "./shortcuts-dialog.tsx";

export function Shell() {
  const [menuOpen, menu] = useDisclosure(false);
  const [paletteOpen, palette] = useDisclosure(false);
  const [shortcutsOpen, shortcuts] = useDisclosure(false);
  const pathname = useRouterState({ select: ({ location }) => location.pathname });
  const isWide = pathname.startsWith("/designer");

  useHotkeys(
    [
      ["mod+K", palette.toggle],
      ["shift+?", shortcuts.open],
    ],
    ["INPUT", "TEXTAREA", "SELECT"],
  );
  useGoKeys();
  useFocusOnPage(pathname, menu.close);

  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 216, breakpoint: "sm", collapsed: { mobile: !menuOpen, desktop: false } }}
      padding={0}
    >
      <a className="mf-skip" href="#main">
        Skip to content
      </a>
      <AppShell.Header className="mf-header">
        <Burger
          opened={menuOpen}
          onClick={menu.toggle}
          hiddenFrom="sm"
          size="sm"
          aria-label="Menu"
          aria-expanded={menuOpen}
        />
        <Link to="/" className="mf-brand">
          <img src="/assets/icon.svg" alt="" width={24} height={24} />
          <span>Magic Flow</span>
        </Link>
        <UnstyledButton className="mf-search" onClick={palette.open}>
          <IconSearch size={16} aria-hidden />
          <span className="mf-search-words">Search or jump to</span>
          <Group gap={2} ml="auto" visibleFrom="sm">
            <Kbd size="xs">Ctrl</Kbd>
            <Kbd size="xs">K</Kbd>
          </Group>
        </UnstyledButton>
        <Group gap={4} ml="auto" wrap="nowrap">
          <Connection />
          <Tooltip label="Keyboard shortcuts (?)">
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label="Keyboard shortcuts"
              onClick={shortcuts.open}
              visibleFrom="sm"
            >
              <IconKeyboard size={20} aria-hidden />
            </ActionIcon>
          </Tooltip>
          <SchemeMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className="mf-navbar" component="nav" aria-label="Pages">
        {NAVIGATION.map(({ label, items }) => (
          <section key={label} aria-label={label}>
            <Text className="mf-nav-group" aria-hidden>
              {label}
            </Text>
            {items.map(({ path, label: text, icon: Picture }) => (
              <NavLink
                key={path}
                component={Link}
                to={path}
                label={text}
                active={pathname === path || pathname.startsWith(`${path}/`)}
                aria-current={pathname === path ? "page" : undefined}
                leftSection={<Picture size={18} stroke={1.7} aria-hidden />}
              />
            ))}
          </section>
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className={isWide ? "mf-main mf-main-wide" : "mf-main"}>
        <Outlet />
      </AppShell.Main>
      <CommandPalette opened={paletteOpen} close={palette.close} />
      <ShortcutsDialog opened={shortcutsOpen} close={shortcuts.close} />
    </AppShell>
  );
}

/** After a move the keyboard begins at the top of the new page, not at a link that is gone. */
function useFocusOnPage(pathname: string, closeMenu: () => void): void {
  const isFirst = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new path is the one thing that moves the focus.
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    closeMenu();
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [pathname]);
}

function SchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Picture = colorScheme === "auto" ? IconDeviceDesktop : colorScheme === "dark" ? IconMoon : IconSun;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Dark or light">
          <Picture size={20} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconSun size={16} aria-hidden />} onClick={() => setColorScheme("light")}>
          Light
        </Menu.Item>
        <Menu.Item leftSection={<IconMoon size={16} aria-hidden />} onClick={() => setColorScheme("dark")}>
          Dark
        </Menu.Item>
        <Menu.Item leftSection={<IconDeviceDesktop size={16} aria-hidden />} onClick={() => setColorScheme("auto")}>
          As the system
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
