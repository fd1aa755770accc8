using System.Buffers.Binary;
using Nanodet.Detection.Images;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Detection.Annotation;

/// <summary>
/// Whether this machine decodes and draws: one small built-in image of each accepted format is decoded, and one label is drawn. What fails
/// here would fail for every image, and is the machine's.
/// </summary>
public static class ImageSelfTest
{
    /// <summary>The sides of the built-in images, and their one colour: blue, green, red.</summary>
    private const int Width = 4;
    private const int Height = 2;
    private static readonly byte[] Color = [50, 100, 200];

    // JPEG computes in fractions.
    private const int Tolerance = 3;

    /// <summary>An image of each format, written for this test: 4x2 pixels of one colour.</summary>
    private static readonly (ImageFormat Format, string File)[] Images =
    [
        (ImageFormat.Jpeg, "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/2wBDAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAARCAACAAQDAREAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAABv/EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAUAQEAAAAAAAAAAAAAAAAAAAAJ/8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8APivNg//Z"),
        (ImageFormat.Png, "iVBORw0KGgoAAAANSUhEUgAAAAQAAAACAQMAAABFZu8gAAAAA1BMVEXIZDLxgAUBAAAADElEQVQI12NgYGAAAAAEAAEnNCcKAAAAAElFTkSuQmCC"),
        (ImageFormat.Bmp, "Qk1OAAAAAAAAADYAAAAoAAAABAAAAAIAAAABABgAAAAAABgAAAAAAAAAAAAAAAAAAAAAAAAAMmTIMmTIMmTIMmTIMmTIMmTIMmTIMmTI"),
        (ImageFormat.WebP, "UklGRh4AAABXRUJQVlA4TBEAAAAvA0AAAAdQsiJXpv+BiOh/AAA="),
        (ImageFormat.Gif, "R0lGODlhBAACAPAAAMhkMgAAACH5BAAAAAAALAAAAAAEAAIAAAIDhG8FADs="),
        (ImageFormat.Tiff, "SUkqACYAAADIZDLIZDLIZDLIZDLIZDLIZDLIZDLIZDIIAAgACAAJAAABAwABAAAABAAAAAEBAwABAAAAAgAAAAIBAwADAAAAIAAAAAMBAwABAAAAAQAAAAYBAwABAAAAAgAAABEBBAABAAAACAAAABUBAwABAAAAAwAAABYBAwABAAAAAgAAABcBBAABAAAAGAAAAAAAAAA="),
    ];

    /// <summary>The formats that are tried.</summary>
    internal static IEnumerable<ImageFormat> Formats => Images.Select(image => image.Format);

    /// <summary>Decodes and draws.</summary>
    /// <exception cref="EnvironmentException">This machine cannot.</exception>
    public static void Run()
    {
        foreach (var (format, file) in Images)
        {
            Try($"decode a {ImageException.Name(format)}", () => Decode(Convert.FromBase64String(file)));
        }

        Try("draw a label", Draw);
    }

    private static void Decode(byte[] file)
    {
        using var image = ImageDecoder.Decode(file, new ImageLimits());
        if (image.Width != Width || image.Height != Height)
        {
            throw Failed($"expected {Width}x{Height} pixels, found {image.Width}x{image.Height}");
        }

        var rows = image.Rows();
        for (var y = 0; y < Height; y++)
        {
            for (var i = 0; i < 3 * Width; i++)
            {
                if (Math.Abs(rows[y][i] - Color[i % 3]) > Tolerance)
                {
                    throw Failed($"expected the value {Color[i % 3]} at byte {i} of row {y}, found {rows[y][i]}");
                }
            }
        }
    }

    /// <summary>A label on a flat picture has to leave pixels of two kinds: those of the plate and those of the letters on it.</summary>
    private static void Draw()
    {
        const int side = 64;
        var picture = Annotator.Annotate(FlatPicture(side), [new DetectedObject(0, "ok", 1, new BoundingBox(4, 40, 40, 20))]);
        using var drawn = ImageDecoder.Decode(picture, new ImageLimits());
        if (drawn.Width != side || drawn.Height != side)
        {
            throw Failed($"expected a picture of {side}x{side} pixels, found {drawn.Width}x{drawn.Height}");
        }

        var rows = drawn.Rows();
        var (box, letters) = (false, false);
        for (var y = 0; y < side; y++)
        {
            var row = rows[y];
            for (var x = 0; x < side; x++)
            {
                var (blue, green, red) = (row[3 * x], row[(3 * x) + 1], row[(3 * x) + 2]);
                box |= Math.Max(blue, Math.Max(green, red)) - Math.Min(blue, Math.Min(green, red)) > 100;
                letters |= Math.Min(blue, Math.Min(green, red)) > 150 || (y < 40 && Math.Max(blue, Math.Max(green, red)) < 60);
            }
        }

        if (!box || !letters)
        {
            throw Failed($"expected a box and a label on a grey picture, found {(box ? "a box without label" : "neither")}");
        }
    }

    /// <summary>A grey BMP, which takes no encoder.</summary>
    private static byte[] FlatPicture(int side)
    {
        var header = Convert.FromBase64String(Images.Single(image => image.Format == ImageFormat.Bmp).File)[..54];
        var file = new byte[header.Length + (3 * side * side)];
        header.CopyTo(file, 0);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), side);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), side);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(34), 3 * side * side);
        file.AsSpan(header.Length).Fill(110);
        return file;
    }

    private static void Try(string what, Action step)
    {
        try
        {
            step();
        }
        catch (Exception exception) when (exception is not EnvironmentException)
        {
            throw EnvironmentFault.From(exception) ?? new EnvironmentException(
                EnvironmentErrorCodes.SelfTestFailed,
                NativeLibraries.ImageDecoder.File,
                $"Expected {NativeLibraries.ImageDecoder.File} to {what}, found that it does not: "
                + $"{EnvironmentFault.OneLine(exception.Message)} "
                + "Another version of it may lie before the one that comes with the program.",
                exception);
        }
    }

    private static InvalidDataException Failed(string message) => new($"{message}.");
}
