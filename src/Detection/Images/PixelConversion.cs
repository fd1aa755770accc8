using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Nanodet.Detection.Images;

/// <summary>Rows of samples as decoders give them to blue, green, red of 8 bits, by the arithmetic of OpenCV and libtiff.</summary>
internal static class PixelConversion
{
    /// <summary>Red, green, blue to blue, green, red.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FromRgb(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            // Five pixels at a time; the sixteenth byte is written again by the next step.
            var order = Vector128.Create((byte)2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, 15);
            for (; i + Vector128<byte>.Count <= Math.Min(source.Length, destination.Length); i += 15)
            {
                Vector128.Shuffle(Vector128.Create(source[i..]), order).CopyTo(destination[i..]);
            }
        }

        for (; i < destination.Length; i += 3)
        {
            destination[i] = source[i + 2];
            destination[i + 1] = source[i + 1];
            destination[i + 2] = source[i];
        }
    }

    /// <summary>The first three of so many samples a pixel, red, green, blue; the others, such as alpha, are dropped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FromRgb(ReadOnlySpan<byte> source, int samples, Span<byte> destination)
    {
        if (samples == 3)
        {
            FromRgb(source, destination);
            return;
        }

        for (int i = 0, j = 0; i < destination.Length; i += 3, j += samples)
        {
            destination[i] = source[j + 2];
            destination[i + 1] = source[j + 1];
            destination[i + 2] = source[j];
        }
    }

    /// <summary>The first of so many samples a pixel, three times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FromGray(ReadOnlySpan<byte> source, int samples, Span<byte> destination)
    {
        for (int i = 0, j = 0; i < destination.Length; i += 3, j += samples)
        {
            destination.Slice(i, 3).Fill(source[j]);
        }
    }

    /// <summary>Red, green, blue and alpha to colours on black, as libtiff's RGBA interface gives unassociated alpha.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FromRgbOnBlack(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        for (int i = 0, j = 0; i < destination.Length; i += 3, j += 4)
        {
            int alpha = source[j + 3];
            destination[i] = OnBlack(source[j + 2], alpha);
            destination[i + 1] = OnBlack(source[j + 1], alpha);
            destination[i + 2] = OnBlack(source[j], alpha);
        }
    }

    /// <summary>Transparent pixels become the background's colour.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FromRgbOn(ReadOnlySpan<byte> source, (byte Blue, byte Green, byte Red) background, Span<byte> destination)
    {
        for (int i = 0, j = 0; i < destination.Length; i += 3, j += 4)
        {
            (destination[i], destination[i + 1], destination[i + 2]) = source[j + 3] == 0
                ? background
                : (source[j + 2], source[j + 1], source[j]);
        }
    }

    /// <summary>Ink as JPEG stores it, 255 for none, by OpenCV's arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FromInvertedCmyk(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        for (int i = 0, j = 0; i < destination.Length; i += 3, j += 4)
        {
            int key = source[j + 3];
            destination[i] = (byte)(key - (((255 - source[j + 2]) * key) >> 8));
            destination[i + 1] = (byte)(key - (((255 - source[j + 1]) * key) >> 8));
            destination[i + 2] = (byte)(key - (((255 - source[j]) * key) >> 8));
        }
    }

    /// <summary>Ink as TIFF stores it, 0 for none, by libtiff's arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FromCmyk(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        for (int i = 0, j = 0; i < destination.Length; i += 3, j += 4)
        {
            var light = 255 - source[j + 3];
            destination[i] = (byte)(light * (255 - source[j + 2]) / 255);
            destination[i + 1] = (byte)(light * (255 - source[j + 1]) / 255);
            destination[i + 2] = (byte)(light * (255 - source[j]) / 255);
        }
    }

    /// <summary>16 bits to the upper 8, as libpng strips them and libtiff takes gray.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Upper8(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var samples = MemoryMarshal.Cast<byte, ushort>(source);
        for (var i = 0; i < samples.Length; i++)
        {
            destination[i] = (byte)(samples[i] >> 8);
        }
    }

    /// <summary>16 bits to the nearest of 8, as libtiff takes colours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Nearest8(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var samples = MemoryMarshal.Cast<byte, ushort>(source);
        for (var i = 0; i < samples.Length; i++)
        {
            destination[i] = (byte)((samples[i] + 128) / 257);
        }
    }

    private static byte OnBlack(int color, int alpha) => (byte)(((alpha * color) + 127) / 255);
}
