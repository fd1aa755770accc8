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

    /// <summary>
    /// Refuses an image that claims more pixels than its bytes can hold in its encoding, however flat it is. No encoder's file is refused:
    /// see docs/decisions/0028-what-an-image-may-claim.md.
    /// </summary>
    /// <param name="header">What it claims.</param>
    /// <param name="fewest">The fewest bytes that its encoding has for so many pixels; 0 where there is no such number.</param>
    /// <param name="found">The bytes of pixel data, or more.</param>
    internal static void RequirePlausible(ImageHeader header, long fewest, long found)
    {
        if (found < fewest)
        {
            throw Undecodable(
                header.Format,
                $"expected at least {fewest} bytes of pixel data for {header.Width}x{header.Height} pixels, found {found}: "
                + "the size is wrong, or the pixels are missing.");
        }
    }

    internal static string Name(ImageFormat format) => format switch
    {
        ImageFormat.WebP => "WebP",
        _ => format.ToString().ToUpperInvariant(),
    };
}
