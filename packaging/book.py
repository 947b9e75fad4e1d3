"""What mkdocs does not read of the pages by itself: words behind a block's language, such as the path that an example lies at."""

import re


def on_page_markdown(markdown, **_):
    """Called by mkdocs for each page, before it is rendered."""

    def told(block):
        words = dict(re.findall(r"(\S+?)=(\S+)", block["words"]))
        at = [f"`{words['path']}`"] if "path" in words else []
        release = [f"GitLab {words['gitlab-version']}"] if "gitlab-version" in words else []
        tier = [words["tier"].capitalize()] if "tier" in words else []
        kinds = {"inventory": "The inventory", "ci": "`.gitlab-ci.yml`"}
        kind = [name for word, name in kinds.items() if word in block["words"].split()]
        about = ", ".join(kind + at + release + tier)
        return (f"{about}:\n\n" if about else "") + f"```{block['language']}\n"

    return re.sub(r"^```(?P<language>\w+) (?P<words>.+)\n", told, markdown, flags=re.M)
