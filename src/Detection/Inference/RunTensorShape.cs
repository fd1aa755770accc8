namespace Nanodet.Detection.Inference;

/// <summary>Input and output of a run, as ONNX Runtime has them.</summary>
/// <param name="Size">Images.</param>
/// <param name="Height">Rows of the input, in pixels.</param>
/// <param name="Width">Columns of the input, in pixels.</param>
/// <param name="Points">Points of the output.</param>
/// <param name="Columns">Columns of the output.</param>
internal sealed record RunTensorShape(int Size, int Height, int Width, int Points, int Columns)
{
    /// <summary>The input, row-major.</summary>
    internal long[] Input => [Size, 3, Height, Width];

    /// <summary>The output, row-major.</summary>
    internal long[] Output => [Size, Points, Columns];

    /// <summary>Bytes of the input.</summary>
    internal long InputBytes => (long)Size * 3 * Height * Width * sizeof(float);

    /// <summary>Bytes of the output.</summary>
    internal long OutputBytes => (long)Size * Points * Columns * sizeof(float);
}
