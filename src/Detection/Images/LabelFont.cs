namespace Nanodet.Detection.Images;

/// <summary>
/// The font of labels. It comes with the app: what a machine has would differ from machine to machine, and a bare one has none.
/// </summary>
internal static class LabelFont
{
    /// <summary>Family and weight, as Pango names them.</summary>
    internal const string Name = "Inter Bold";

    private const string Folder = "fonts";

    /// <summary>The font's file, beside the app.</summary>
    internal static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, Folder, "Inter-Bold.ttf");

    /// <summary>A configuration of Fontconfig that names no font of the machine.</summary>
    internal static string Configuration { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, Folder, "fonts.conf");
}
