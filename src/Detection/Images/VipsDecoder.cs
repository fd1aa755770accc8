using System.Buffers;
using NetVips;

namespace Nanodet.Detection.Images;

/// <summary>PNG, WebP, GIF and TIFF to pixels, and JPEG where nothing faster is there: by the bundled libvips.</summary>
internal static class VipsDecoder
{
    /// <summary>Rows at a time: what they take stays in a processor's nearest cache, and a JPEG's blocks are 8 or 16 rows high.</summary>
    private const int StripRows = 16;

    internal static PixelBuffer Decode(ReadOnlySpan<byte> encoded, ImageHeader header, out ImageOrientation orientation)
    {
        var background = header.Format == ImageFormat.Gif ? GifHeader.ReadCanvas(encoded) : default;
        if (header.Format != ImageFormat.Tiff)
        {
            return Decode(encoded, header, 1, new Conversion(header.Format, false, TiffAlpha.None, background), out orientation);
        }

        var copy = encoded.ToArray();
        var alpha = TiffHeader.Prepare(copy, out orientation);
        return Decode(copy, header, 1, new Conversion(header.Format, false, alpha, default), out _);
    }

    /// <summary>Decodes a JPEG as <see cref="TurboJpeg"/> does.</summary>
    /// <param name="encoded">The file, with an end-of-image marker.</param>
    /// <param name="header">What its header says.</param>
    /// <param name="frame">Its colours.</param>
    /// <param name="reduction">1, 2, 4 or 8.</param>
    /// <exception cref="ImageException">
    /// It cannot be decoded; also, for a file whose marker was added here, where any pixel is missing.
    /// </exception>
    internal static PixelBuffer DecodeJpeg(ReadOnlySpan<byte> encoded, ImageHeader header, JpegFrame frame, int reduction)
    {
        if (header.Width % reduction != 0 || header.Height % reduction != 0)
        {
            var copy = encoded.ToArray();
            JpegFrame.RoundUp(copy, reduction);
            encoded = copy;
        }

        return Decode(encoded, header, reduction, new Conversion(header.Format, !frame.HasAdobeMarker, TiffAlpha.None, default), out _);
    }

    private static PixelBuffer Decode(
        ReadOnlySpan<byte> encoded, ImageHeader header, int reduction, Conversion conversion, out ImageOrientation orientation)
    {
        VipsLibrary.Require();
        VipsLibrary.HasComplained = false;
        PixelBuffer? pixels = null;
        try
        {
            pixels = Read(encoded, header, reduction, conversion, out orientation);

            // What is missing in the last rows is told at the end only.
            return header.LacksEnd && VipsLibrary.HasComplained ? throw JpegHeader.WithoutEnd(encoded.Length - 2) : pixels;
        }
        catch (Exception exception)
        {
            pixels?.Dispose();
            if (exception is not VipsException)
            {
                throw;
            }

            // The text is of the whole process: another image's complaint may be among it, so none of it is quoted.
            throw exception.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
                ? new InsufficientMemoryException(
                    $"libvips has not enough memory for an image of {header.Width}x{header.Height} pixels.", exception)
                : header.LacksEnd ? JpegHeader.WithoutEnd(encoded.Length - 2) : Refused(header, exception);
        }
    }

    private static PixelBuffer Read(
        ReadOnlySpan<byte> encoded, ImageHeader header, int reduction, Conversion conversion, out ImageOrientation orientation)
    {
        using var source = Source.NewFromMemory(encoded);
        using var image = Load(source, header, reduction);
        var (width, height) = (ReducedSize.Of(header.Width, reduction), ReducedSize.Of(header.Height, reduction));
        conversion.Validate(image, width, height);
        orientation = image.Contains("orientation")
            ? ImageOrientations.From((int)image.Get("orientation"))
            : ImageOrientation.TopLeft;
        var pixels = new PixelBuffer(width, height);
        try
        {
            Fetch(image, conversion, pixels);
            return pixels;
        }
        catch
        {
            pixels.Dispose();
            throw;
        }
    }

    private static Image Load(Source source, ImageHeader header, int reduction) => header.Format switch
    {
        ImageFormat.Jpeg => Image.JpegloadSource(
            source,
            shrink: reduction,
            access: Enums.Access.Sequential,
            failOn: header.LacksEnd ? Enums.FailOn.Warning : Enums.FailOn.Error),
        ImageFormat.Png => Image.PngloadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        ImageFormat.WebP => Image.WebploadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        ImageFormat.Gif => Image.GifloadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        ImageFormat.Tiff => Image.TiffloadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        _ => throw new ArgumentOutOfRangeException(nameof(header), header.Format, "Expected a format that libvips reads."),
    };

    private static void Fetch(Image image, Conversion conversion, PixelBuffer pixels)
    {
        var layout = new Layout(image);
        using var region = Region.New(image);
        for (var top = 0; top < pixels.Height; top += StripRows)
        {
            var rows = Math.Min(StripRows, pixels.Height - top);
            var fetched = VipsLibrary.TryFetch(
                region,
                top,
                pixels.Width,
                rows,
                static (data, state) => state.Conversion.Convert(data, state.Layout, state.Pixels, state.Top),
                (Conversion: conversion, Layout: layout, Pixels: pixels, Top: top));
            if (!fetched)
            {
                throw new VipsException("the rows could not be read");
            }
        }
    }

    private static ImageException Refused(ImageHeader header, Exception? exception) => new(
        ImageErrorCodes.Undecodable,
        $"{ImageException.Name(header.Format)}: the structure of an image of {header.Width}x{header.Height} pixels is complete, "
        + "but the decoder refused the data in it.",
        exception);

    /// <summary>How libvips gives an image's samples.</summary>
    private readonly record struct Layout(int Samples, bool Wide, bool Cmyk)
    {
        internal Layout(Image image)
            : this(image.Bands, image.Format == Enums.BandFormat.Ushort, image.Interpretation == Enums.Interpretation.Cmyk)
        {
        }
    }

    /// <summary>What the pixels of a file need on their way.</summary>
    private readonly record struct Conversion(ImageFormat Format, bool PlainCmyk, TiffAlpha Alpha, GifCanvas Canvas)
    {
        internal void Validate(Image image, int width, int height)
        {
            if (image.Width != width || image.Height != height || image.Format is not (Enums.BandFormat.Uchar or Enums.BandFormat.Ushort)
                || image.Bands is < 1 or > 4)
            {
                throw ImageException.Undecodable(
                    Format,
                    $"expected {width}x{height} pixels of 1 to 4 samples of 8 or 16 unsigned bits, "
                    + $"the decoder gave {image.Width}x{image.Height} of {image.Bands}, {image.Format}.");
            }
        }

        /// <summary>Converts some rows, without gaps, into the pixels from row <paramref name="top"/> on.</summary>
        internal void Convert(ReadOnlySpan<byte> rows, Layout layout, PixelBuffer pixels, int top)
        {
            if (!layout.Wide)
            {
                ConvertBytes(rows, layout, pixels, top);
                return;
            }

            var length = rows.Length / 2;
            var bytes = ArrayPool<byte>.Shared.Rent(length);
            try
            {
                if (Format == ImageFormat.Tiff && layout.Samples >= 3)
                {
                    PixelConversion.Nearest8(rows, bytes.AsSpan(0, length));
                }
                else
                {
                    PixelConversion.Upper8(rows, bytes.AsSpan(0, length));
                }

                ConvertBytes(bytes.AsSpan(0, length), layout, pixels, top);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }

        private void ConvertBytes(ReadOnlySpan<byte> rows, Layout layout, PixelBuffer pixels, int top)
        {
            var stride = layout.Samples * pixels.Width;
            for (var y = 0; y * stride < rows.Length; y++)
            {
                ConvertRow(rows.Slice(y * stride, stride), layout, pixels.Row(top + y));
                if (Format == ImageFormat.Gif)
                {
                    Canvas.Clear(top + y, pixels.Row(top + y));
                }
            }
        }

        private void ConvertRow(ReadOnlySpan<byte> source, Layout layout, Span<byte> destination)
        {
            switch (layout.Samples)
            {
                case 1 or 2:
                    PixelConversion.FromGray(source, layout.Samples, destination);
                    break;
                case 4 when layout.Cmyk && Format == ImageFormat.Jpeg:
                    ConvertJpegInk(source, destination);
                    break;
                case 4 when layout.Cmyk:
                    PixelConversion.FromCmyk(source, destination);
                    break;
                case 4 when Alpha == TiffAlpha.Unassociated:
                    PixelConversion.FromRgbOnBlack(source, destination);
                    break;
                case 4 when Format == ImageFormat.Gif:
                    PixelConversion.FromRgbOn(source, Canvas.Background, destination);
                    break;
                default:
                    PixelConversion.FromRgb(source, layout.Samples, destination);
                    break;
            }
        }

        // libvips turns ink of files with Adobe's segment around; OpenCV takes all files' ink as if it was stored as theirs.
        private void ConvertJpegInk(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            if (PlainCmyk)
            {
                PixelConversion.FromInvertedCmyk(source, destination);
                return;
            }

            var inverted = ArrayPool<byte>.Shared.Rent(source.Length);
            try
            {
                for (var i = 0; i < source.Length; i++)
                {
                    inverted[i] = (byte)(255 - source[i]);
                }

                PixelConversion.FromInvertedCmyk(inverted.AsSpan(0, source.Length), destination);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(inverted);
            }
        }
    }
}
