/// What ImageMagick may do for us (its own file `policy.xml`, which is read besides the system's).
///
/// The last rule that fits counts: everything is forbidden, then the formats we read and write are allowed. Programs
/// that it would start, scripts, addresses, lists in files and formats that can name other files are out.
enum ImagePolicy {
    static let text = """
        <?xml version="1.0" encoding="UTF-8"?>
        <policymap>
          <policy domain="delegate" rights="none" pattern="*"/>
          <policy domain="filter" rights="none" pattern="*"/>
          <policy domain="coder" rights="none" pattern="*"/>
          <policy domain="module" rights="none" pattern="*"/>
          <policy domain="module" rights="read | write" pattern="{PNG,JPEG,GIF,WEBP,BMP,TIFF,XC,GRADIENT}"/>
          <policy domain="coder" rights="read | write" pattern="{PNG,PNG24,PNG32,JPEG,GIF,WEBP,BMP,TIFF}"/>
          <policy domain="coder" rights="read" pattern="{XC,GRADIENT,RADIAL-GRADIENT}"/>
          <policy domain="path" rights="none" pattern="@*"/>
          <policy domain="path" rights="none" pattern="|*"/>
          <policy domain="resource" name="width" value="12KP"/>
          <policy domain="resource" name="height" value="12KP"/>
          <policy domain="resource" name="list-length" value="128"/>
          <policy domain="resource" name="disk" value="2GiB"/>
          <policy domain="resource" name="time" value="600"/>
        </policymap>

        """
}
