using Nanodet.Serverless.Pipeline.Models;
using Nanodet.Serverless.Pipeline.Preprocessing;
using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Tests.Preprocessing;

/// <summary>The preprocessing as the official transform calls it: OpenCV's own warp, then each value by itself.</summary>
internal static class OpenCvPreprocessor
{
    /// <summary>Bilinear, black where the source ends.</summary>
    internal static Mat Warp(Mat pixels, InputGeometry geometry)
    {
        var warped = new Mat();
        using var matrix = Mat.FromPixelData(3, 3, MatType.CV_64FC1, geometry.Matrix.ToRowMajor());
        Cv2.WarpPerspective(
            pixels,
            warped,
            matrix,
            new Size(geometry.WarpedWidth, geometry.WarpedHeight),
            InterpolationFlags.Linear,
            BorderTypes.Constant,
            Scalar.Black);
        return warped;
    }

    internal static float[] Tensor(ModelDescription model, Mat pixels, InputGeometry geometry)
    {
        using var warped = Warp(pixels, geometry);
        var tensor = new float[geometry.TensorLength];
        for (var y = 0; y < geometry.WarpedHeight; y++)
        {
            for (var x = 0; x < geometry.WarpedWidth; x++)
            {
                var pixel = warped.At<Vec3b>(y, x);
                for (var plane = 0; plane < 3; plane++)
                {
                    var value = pixel[model.ColorOrder == ColorOrder.Bgr ? plane : 2 - plane];
                    tensor[(((plane * geometry.TensorHeight) + y) * geometry.TensorWidth) + x] =
                        (float)((value - model.Mean[plane]) / model.Std[plane]);
                }
            }
        }

        return tensor;
    }
}
