using System.Text;

namespace Nanodet.Serverless.TestKit;

/// <summary>
/// Weights and inputs that anyone can compute from a name: FNV-1a 64 of the name seeds splitmix64, whose upper 24 bits are a number
/// u in [0, 1). What becomes of u depends on what kind of tensor the name and the rank tell of. Computed in double precision and
/// rounded once, so that two implementations agree in every bit.
/// </summary>
public static class ProceduralValues
{
    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    /// <summary>The values of a floating-point tensor of a state dict.</summary>
    /// <param name="name">Its name in the official state dict.</param>
    /// <param name="shape">Its dimensions; empty for a scalar.</param>
    /// <returns>The elements in row-major order.</returns>
    public static float[] Tensor(string name, IReadOnlyList<int> shape)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(shape);
        var seed = Seed(name);
        var values = new float[shape.Aggregate(1, (product, dimension) => checked(product * dimension))];
        var map = Map(name, shape);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)map(Uniform(seed, i));
        }

        return values;
    }

    /// <summary>The input tensor <c>[1, 3, height, width]</c>: 2u - 1 under the name <c>input</c>.</summary>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    public static float[] Input(int height, int width) => Symmetric("input", 3 * height * width);

    /// <summary>Numbers 2u - 1.</summary>
    /// <param name="name">What seeds them.</param>
    /// <param name="count">How many.</param>
    public static float[] Symmetric(string name, int count)
    {
        ArgumentNullException.ThrowIfNull(name);
        var seed = Seed(name);
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = (float)((2 * Uniform(seed, i)) - 1);
        }

        return values;
    }

    private static Func<double, double> Map(string name, IReadOnlyList<int> shape)
    {
        if (name.EndsWith("running_mean", StringComparison.Ordinal))
        {
            return u => 0.1 * ((2 * u) - 1);
        }

        if (name.EndsWith("running_var", StringComparison.Ordinal))
        {
            return u => 0.75 + u;
        }

        switch (shape.Count)
        {
            case 0:
            case 1 when name.EndsWith(".weight", StringComparison.Ordinal):
                return u => 0.75 + (0.5 * u);
            case 1:
                return u => 0.1 * ((2 * u) - 1);
            default:
                var bound = Math.Sqrt(4.5 / shape.Skip(1).Aggregate(1L, (product, dimension) => product * dimension));
                return u => ((2 * u) - 1) * bound;
        }
    }

    private static ulong Seed(string name)
    {
        var hash = FnvOffset;
        foreach (var value in Encoding.UTF8.GetBytes(name))
        {
            hash = unchecked((hash ^ value) * FnvPrime);
        }

        return hash;
    }

    private static double Uniform(ulong seed, long index)
    {
        var z = unchecked(seed + ((ulong)(index + 1) * 0x9E3779B97F4A7C15));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        z ^= z >> 31;
        return (z >> 40) / (double)(1 << 24);
    }
}
