using System.Runtime.InteropServices;

namespace Nanodet.Detection.Images;

/// <summary>JPEG to pixels: by libjpeg-turbo where the machine has it and it takes the file, by the bundled libvips otherwise.</summary>
internal static unsafe class JpegDecoder
{
    internal static PixelBuffer Decode(ReadOnlySpan<byte> encoded, ImageHeader header, int reduction, out ImageOrientation orientation) =>
        Decode(TurboJpeg.Instance, encoded, header, reduction, out orientation);

    /// <summary>The same with a given library, or null for the bundled one alone.</summary>
    internal static PixelBuffer Decode(
        TurboJpeg? turbo, ReadOnlySpan<byte> encoded, ImageHeader header, int reduction, out ImageOrientation orientation)
    {
        if (header.LacksEnd)
        {
            encoded = (byte[])[.. encoded, 0xFF, 0xD9];
        }

        var frame = JpegFrame.Read(encoded);
        orientation = frame.Orientation;
        return (turbo is null ? null : DecodeFast(turbo, encoded, header, frame, reduction))
            ?? VipsDecoder.DecodeJpeg(encoded, header, frame, reduction);
    }

    private static PixelBuffer? DecodeFast(TurboJpeg turbo, ReadOnlySpan<byte> encoded, ImageHeader header, JpegFrame frame, int reduction)
    {
        var pixels = new PixelBuffer(ReducedSize.Of(header.Width, reduction), ReducedSize.Of(header.Height, reduction));
        var decoded = false;
        try
        {
            decoded = frame.Components == 4
                ? DecodeCmyk(turbo, encoded, header, pixels)
                : turbo.TryDecode(encoded, pixels.Width, pixels.Height, cmyk: false, pixels.Data, mustBeWhole: header.LacksEnd);
            return decoded ? pixels : null;
        }
        finally
        {
            if (!decoded)
            {
                pixels.Dispose();
            }
        }
    }

    private static bool DecodeCmyk(TurboJpeg turbo, ReadOnlySpan<byte> encoded, ImageHeader header, PixelBuffer pixels)
    {
        const int Inks = 4;
        var stride = Inks * pixels.Width;
        var inks = (byte*)NativeMemory.Alloc((nuint)stride, (nuint)pixels.Height);
        try
        {
            if (!turbo.TryDecode(encoded, pixels.Width, pixels.Height, cmyk: true, inks, mustBeWhole: header.LacksEnd))
            {
                return false;
            }

            for (var y = 0; y < pixels.Height; y++)
            {
                PixelConversion.FromInvertedCmyk(new ReadOnlySpan<byte>(inks + ((long)y * stride), stride), pixels.Row(y));
            }

            return true;
        }
        finally
        {
            NativeMemory.Free(inks);
        }
    }
}
