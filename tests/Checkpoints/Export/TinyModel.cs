using System.Text;

namespace Nanodet.Serverless.Checkpoints.Tests.Export;

/// <summary>The smallest detectors: a few thousand weights, every part that a detector has.</summary>
internal static class TinyModel
{
    /// <summary>A legacy detector for 64 x 64 pixels and three classes; 2 levels of strides 8 and 16.</summary>
    public const string Yaml = """
        model:
          arch:
            name: OneStageDetector
            backbone:
              name: CustomCspNet
              net_cfg:
                - [Conv, 3, 4, 3, 2]
                - [MaxPool, 3, 2]
                - [CspBlock, 4, 1, 3, 2]
                - [Conv, 8, 8, 3, 2]
              out_stages: [2, 3]
              activation: LeakyReLU
            fpn:
              name: PAN
              in_channels: [8, 8]
              out_channels: 6
              num_outs: 2
            head:
              name: NanoDetHead
              num_classes: 3
              input_channel: 6
              feat_channels: 6
              stacked_convs: 1
              share_cls_reg: true
              strides: [8, 16]
              reg_max: 3
              norm_cfg: {type: BN}
        class_names: [cat, dog, bird]
        data:
          val:
            input_size: [64, 64]
            keep_ratio: false
            pipeline:
              normalize: [[103.53, 116.28, 123.675], [57.375, 57.12, 58.395]]

        """;

    /// <summary>A NanoDet-Plus detector for 64 x 64 pixels and two classes; 3 levels of strides 8, 16 and 32.</summary>
    public const string PlusYaml = """
        model:
          arch:
            name: NanoDetPlus
            backbone:
              name: CustomCspNet
              net_cfg: [[Conv, 3, 4, 3, 4], [Conv, 4, 4, 3, 2], [Conv, 4, 6, 3, 2]]
              out_stages: [1, 2]
            fpn: {name: GhostPAN, in_channels: [4, 6], out_channels: 4, num_extra_level: 1, use_depthwise: true}
            head: {name: NanoDetPlusHead, num_classes: 2, input_channel: 4, feat_channels: 4, stacked_convs: 1, strides: [8, 16, 32], reg_max: 2}
        class_names: [left, right]
        data:
          val:
            input_size: [64, 64]
            keep_ratio: false
            pipeline: {normalize: [[0, 0, 0], [255, 255, 255]]}

        """;

    /// <summary>The legacy detector's config, with texts replaced; each has to be there.</summary>
    public static byte[] Config(params ReadOnlySpan<(string Old, string New)> changes) => Change(Yaml, changes);

    /// <summary>The NanoDet-Plus detector's config, likewise.</summary>
    public static byte[] PlusConfig(params ReadOnlySpan<(string Old, string New)> changes) => Change(PlusYaml, changes);

    private static byte[] Change(string yaml, ReadOnlySpan<(string Old, string New)> changes)
    {
        foreach (var (old, @new) in changes)
        {
            Assert.Contains(old, yaml, StringComparison.Ordinal);
            yaml = yaml.Replace(old, @new, StringComparison.Ordinal);
        }

        return Encoding.UTF8.GetBytes(yaml);
    }
}
