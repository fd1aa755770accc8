using Nanodet.Detection.Description;

namespace Nanodet.Detection.Preprocessing;

/// <summary>Where one image lies in its input tensor.</summary>
/// <param name="ImageWidth">Columns of the image, after EXIF orientation.</param>
/// <param name="ImageHeight">Rows of the image, after EXIF orientation.</param>
/// <param name="WarpedWidth">Columns of the tensor that the warped image fills, from the left.</param>
/// <param name="WarpedHeight">Rows of the tensor that the warped image fills, from the top.</param>
/// <param name="TensorWidth">Columns of the tensor.</param>
/// <param name="TensorHeight">Rows of the tensor.</param>
/// <param name="Matrix">From image pixels to tensor pixels.</param>
internal readonly record struct InputGeometry(
    int ImageWidth,
    int ImageHeight,
    int WarpedWidth,
    int WarpedHeight,
    int TensorWidth,
    int TensorHeight,
    WarpMatrix Matrix)
{
    /// <summary>Floats that one image takes in the tensor of a run: 3 planes.</summary>
    public int TensorLength => 3 * TensorWidth * TensorHeight;

    /// <summary>
    /// Computes the geometry in the order of operations of the official transform (NanoDet, <c>data/transform/warp.py</c> and
    /// <c>data/batch_process.py</c>), so that the doubles are the same ones.
    /// </summary>
    /// <param name="imageWidth">At least 1, in pixels.</param>
    /// <param name="imageHeight">At least 1, in pixels.</param>
    /// <param name="input">The model's input.</param>
    /// <returns>The geometry of that image.</returns>
    public static InputGeometry Create(int imageWidth, int imageHeight, ModelInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentOutOfRangeException.ThrowIfLessThan(imageWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(imageHeight, 1);
        return input.KeepRatio ? Fit(imageWidth, imageHeight, input) : Stretch(imageWidth, imageHeight, input);
    }

    private static InputGeometry Stretch(int imageWidth, int imageHeight, ModelInput input)
    {
        var matrix = new WarpMatrix((double)input.Width / imageWidth, 0, (double)input.Height / imageHeight, 0);
        var (height, width) = ModelInput.ShapeOf(input);
        return new InputGeometry(imageWidth, imageHeight, input.Width, input.Height, width, height, matrix);
    }

    private static InputGeometry Fit(int imageWidth, int imageHeight, ModelInput input)
    {
        // Both products are cut, not rounded: one side may come out a pixel short of the configured size. A very long image
        // would keep no row at all; it keeps one.
        var fit = FitRatio(imageWidth, imageHeight, input.Width, input.Height);
        var width = Math.Max(1, (int)(fit * imageWidth));
        var height = Math.Max(1, (int)(fit * imageHeight));

        // The matrix is centred in the cut size, whose ratio is a little different: hence the small offset along one axis.
        var ratio = FitRatio(imageWidth, imageHeight, width, height);
        var matrix = new WarpMatrix(
            ratio,
            (ratio * (-imageWidth / 2.0)) + (0.5 * width),
            ratio,
            (ratio * (-imageHeight / 2.0)) + (0.5 * height));
        return new InputGeometry(
            imageWidth,
            imageHeight,
            width,
            height,
            input.TracedWidth ?? ModelInput.RoundUp(width),
            input.TracedHeight ?? ModelInput.RoundUp(height),
            matrix);
    }

    private static double FitRatio(int fromWidth, int fromHeight, int toWidth, int toHeight) =>
        (double)fromWidth / fromHeight < (double)toWidth / toHeight
            ? (double)toHeight / fromHeight
            : (double)toWidth / fromWidth;
}
