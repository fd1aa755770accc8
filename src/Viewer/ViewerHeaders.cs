namespace Nanodet.Serverless.Viewer;

/// <summary>
/// The headers that keep what the viewer shows from becoming a program: names of images, classes and messages are somebody else's text.
/// </summary>
public static class ViewerHeaders
{
    /// <summary>Of the page and its parts: scripts and styles from here only, none inline, and pictures from storage.</summary>
    /// <param name="images">Origin of the images; null where they come from the same one as the page.</param>
    public static IReadOnlyList<(string Name, string Value)> OfPage(Uri? images) =>
    [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            + $"img-src 'self' blob:{(images is null ? string.Empty : $" {images.GetLeftPart(UriPartial.Authority)}")}; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
        ("Cache-Control", "no-cache"),
    ];

    /// <summary>Of a picture: opened by itself, it is a picture in a sandbox, and nothing that it might be besides.</summary>
    /// <param name="isVersioned">Whether the address names the content, so that it never changes.</param>
    public static IReadOnlyList<(string Name, string Value)> OfImage(bool isVersioned) =>
    [
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", isVersioned ? "private, max-age=31536000, immutable" : "private, no-cache"),
    ];
}
