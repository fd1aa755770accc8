using System.Globalization;
using System.Net;
using Nanodet.Detection.Images;
using Nanodet.Detection.Natives;
using NetVips;

namespace Nanodet.Detection.Annotation;

/// <summary>A line of text as coverage: 0 where there is none, 255 inside of a letter.</summary>
internal sealed class TextMask
{
    private readonly byte[] _coverage;

    private TextMask(byte[] coverage, int width, int height)
    {
        _coverage = coverage;
        Width = width;
        Height = height;
    }

    /// <summary>Columns, in pixels.</summary>
    internal int Width { get; }

    /// <summary>Rows, in pixels.</summary>
    internal int Height { get; }

    /// <summary>The coverage of a row.</summary>
    internal ReadOnlySpan<byte> Row(int y) => _coverage.AsSpan(y * Width, Width);

    /// <summary>Draws text in the font of labels.</summary>
    /// <param name="text">Plain text.</param>
    /// <param name="pixels">The font's size, in pixels.</param>
    /// <exception cref="EnvironmentException">The bundled library cannot be used, or the font is not beside the app.</exception>
    internal static TextMask Draw(string text, double pixels)
    {
        VipsLibrary.Require();
        if (!File.Exists(LabelFont.Path))
        {
            throw new EnvironmentException(
                EnvironmentErrorCodes.SelfTestFailed,
                Path.GetFileName(LabelFont.Path),
                $"Expected the font of labels at {LabelFont.Path}, found no file. It comes with the program, from the package "
                + "Nanodet.Detection: build, publish or unpack the program again.");
        }

        // Pango reads markup. At 72 dots an inch a point is a pixel.
        var font = string.Create(CultureInfo.InvariantCulture, $"{LabelFont.Name} {pixels:0.#}");
        using var image = Image.Text(WebUtility.HtmlEncode(text), font: font, fontfile: LabelFont.Path, dpi: 72);
        return new TextMask(image.WriteToMemory<byte>(), image.Width, image.Height);
    }
}
