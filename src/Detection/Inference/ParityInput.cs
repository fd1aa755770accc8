using Nanodet.Detection.Description;

namespace Nanodet.Detection.Inference;

/// <summary>The generated input of a parity fixture: splitmix64 pixels, normalised. See docs/model-format.md.</summary>
internal static class ParityInput
{
    internal const string Generator = "splitmix64-u8";
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    /// <summary>Fills <c>[1, 3, height, width]</c>.</summary>
    internal static float[] Create(ulong seed, int height, int width, ModelDescription model)
    {
        var plane = height * width;
        var tensor = new float[3 * plane];
        var state = seed;
        for (var i = 0; i < tensor.Length; i++)
        {
            state += Gamma;
            var channel = i / plane;
            tensor[i] = (float)((Pixel(state) - model.Mean[channel]) / model.Std[channel]);
        }

        return tensor;
    }

    private static byte Pixel(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (byte)((z ^ (z >> 31)) >> 56);
    }
}
