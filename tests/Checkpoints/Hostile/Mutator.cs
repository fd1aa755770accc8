using System.Buffers.Binary;

namespace Nanodet.Serverless.Checkpoints.Tests.Hostile;

/// <summary>Damages bytes at random; the same seed does the same damage.</summary>
internal sealed class Mutator(int seed)
{
    private const int MaxDamages = 6;
    private const int MaxRange = 64;

    private static readonly long[] Boundaries =
        [0, 1, -1, 127, 128, 255, 256, short.MaxValue, ushort.MaxValue, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue];

    // A test wants the same numbers each time, not secret ones.
    private readonly Random _random = new(seed);

    public int Next(int limit) => _random.Next(limit);

    /// <summary>A damaged copy.</summary>
    public byte[] Damage(byte[] sound)
    {
        var bytes = sound.ToList();

        // One damage in half of the cases: it gets further than many do.
        for (var damages = _random.Next(2) == 0 ? 1 : 1 + _random.Next(MaxDamages); damages > 0; damages--)
        {
            DamageOnce(bytes);
        }

        return [.. bytes];
    }

    private void DamageOnce(List<byte> bytes)
    {
        if (bytes.Count == 0)
        {
            return;
        }

        // Half of the damage at the ends: that is where headers and directories are.
        var at = _random.Next(4) switch
        {
            0 => _random.Next(Math.Min(bytes.Count, 512)),
            1 => bytes.Count - 1 - _random.Next(Math.Min(bytes.Count, 512)),
            _ => _random.Next(bytes.Count),
        };
        var length = Math.Min(1 + _random.Next(MaxRange), bytes.Count - at);
        switch (_random.Next(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                Overwrite(bytes, at, sizeof(int));
                break;
            case 3:
                Overwrite(bytes, at, sizeof(long));
                break;
            case 4:
                bytes.RemoveRange(at, length);
                break;
            case 5:
                bytes.InsertRange(at, bytes.GetRange(_random.Next(bytes.Count - length + 1), length));
                break;
            case 6:
                var noise = new byte[length];
                _random.NextBytes(noise);
                bytes.InsertRange(at, noise);
                break;
            default:
                bytes.RemoveRange(at, _random.Next(4) == 0 ? bytes.Count - at : length);
                break;
        }
    }

    private void Overwrite(List<byte> bytes, int at, int width)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, Boundaries[_random.Next(Boundaries.Length)]);
        for (var i = 0; i < width && at + i < bytes.Count; i++)
        {
            bytes[at + i] = number[i];
        }
    }
}
