namespace Nanodet.Detection.Images;

/// <summary>Decodes the run-length encodings RLE8 and RLE4: runs, literal pixels, jumps, ends of rows, and the end.</summary>
internal ref struct BmpRuns(ReadOnlySpan<byte> data, BmpLayout bitmap, PixelBuffer pixels)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private readonly BmpPalette _palette = new(data, bitmap);
    private readonly bool _half = bitmap.Encoding == BmpEncoding.Rle4;
    private long _position = bitmap.PixelOffset;
    private int _x;
    private int _y;

    internal void Decode()
    {
        for (var y = 0; y < pixels.Height; y++)
        {
            var row = pixels.Row(y);
            for (var i = 0; i < row.Length; i += PixelBuffer.Channels)
            {
                _palette.Write(0, row[i..]);
            }
        }

        while (_y < pixels.Height)
        {
            var (count, value) = (Next(), Next());
            if (count > 0)
            {
                Run(count, value);
                continue;
            }

            switch (value)
            {
                case 0:
                    (_x, _y) = (0, _y + 1);
                    break;
                case 1:
                    return;
                case 2:
                    _x += Next();
                    _y += Next();
                    break;
                default:
                    Literal(value);
                    break;
            }
        }
    }

    private void Run(int count, byte value)
    {
        for (var i = 0; i < count; i++)
        {
            Put(_half ? (i % 2 == 0 ? value >> 4 : value & 15) : value);
        }
    }

    private void Literal(int count)
    {
        byte value = 0;
        for (var i = 0; i < count; i++)
        {
            if (!_half || i % 2 == 0)
            {
                value = Next();
            }

            Put(_half ? (i % 2 == 0 ? value >> 4 : value & 15) : value);
        }

        // Literal pixels fill whole groups of two bytes.
        var bytes = _half ? (count + 1) / 2 : count;
        _position += bytes % 2;
    }

    private void Put(int index)
    {
        // Some writers fill rows up to whole groups of four: what is beyond the edge is left out.
        if (_x < pixels.Width)
        {
            _palette.Write(index, pixels.Row(bitmap.TopDown ? _y : pixels.Height - 1 - _y)[(PixelBuffer.Channels * _x)..]);
        }

        _x++;
    }

    private byte Next() => _position < _data.Length
        ? _data[(int)_position++]
        : throw ImageException.Truncated(ImageFormat.Bmp, "the end of the run-length encoding", _position, _data.Length);
}
