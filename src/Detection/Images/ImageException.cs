namespace Nanodet.Detection.Images;

/// <summary>An image cannot be used, and never will be: trying again does not help.</summary>
/// <param name="code">One of <see cref="ImageErrorCodes"/>.</param>
/// <param name="message">What was expected, what was found, and where.</param>
/// <param name="innerException">The decoder's own complaint, if there is one.</param>
public sealed class ImageException(string code, string message, Exception? innerException = null)
    : NanodetException(code, message, innerException)
{
    internal override bool IsAboutInput => true;

    internal static ImageException Truncated(ImageFormat format, string expected, long at, long length) => new(
        ImageErrorCodes.Truncated,
        $"{Name(format)}: expected {expected} at byte {at}, but the file ends after {length} bytes.");

    internal static ImageException Undecodable(ImageFormat format, string message) =>
        new(ImageErrorCodes.Undecodable, $"{Name(format)}: {message}");

    internal static string Name(ImageFormat format) => format switch
    {
        ImageFormat.WebP => "WebP",
        _ => format.ToString().ToUpperInvariant(),
    };
}
