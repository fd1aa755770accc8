using Nanodet.Detection.Detectors;

using var detector = Detector.Load(args[0]);
var outcome = detector.Detect(File.ReadAllBytes(args[1]));
if (!outcome.Succeeded)
{
    Console.Error.WriteLine($"{args[1]}: {outcome.Error.Message}");
    return 1;
}

foreach (var found in outcome.Detections)
{
    Console.WriteLine($"{found.ClassName} {found.Score:0.00} at {found.Box.X:0},{found.Box.Y:0}, {found.Box.Width:0} x {found.Box.Height:0} pixels");
}

return 0;
